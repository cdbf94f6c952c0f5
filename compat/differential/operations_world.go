package differential

// Operations on the listener.

func dial(x *executor, s Step) string {
	if p := x.pairs[s.Pair]; p != nil && !(p.ends[0].closed && p.ends[1].closed) {
		return skipped
	}
	return x.dial(s.Pair)
}

func listen(x *executor, _ Step) string {
	if x.listening {
		return skipped
	}
	return x.listen()
}

func closeListener(x *executor, _ Step) string {
	if !x.listening {
		return skipped
	}
	x.listening = false
	return Describe(x.listener.Close())
}

func acceptExpired(x *executor, _ Step) string {
	if !x.listening {
		return skipped
	}
	x.listener.SetDeadline(past())
	_, err := x.listener.Accept()
	return Describe(err) + ", " + Describe(x.listener.SetDeadline(never()))
}

func acceptClosed(x *executor, _ Step) string {
	if x.listening || x.listener == nil {
		return skipped
	}
	_, err := x.listener.Accept()
	return Describe(err) + ", " + Describe(x.listener.SetDeadline(never())) + ", " + Describe(x.listener.Close())
}

// closeAccepting closes the listener while an Accept waits, or is about to: the outcome is the
// same.
func closeAccepting(x *executor, _ Step) string {
	if !x.listening {
		return skipped
	}
	accepted := make(chan error, 1)
	l := x.listener
	go func() {
		_, err := l.Accept()
		accepted <- err
	}()
	x.listening = false
	err := l.Close()
	return Describe(err) + ", " + Describe(<-accepted)
}
