//go:build linux

package load

// flight is a request of an open loop that is not answered yet.
type flight struct {
	due   int64 // when it was to be sent
	burns bool
}

// flights is a queue of them, as long as it must be: a ring that doubles when it is full.
type flights struct {
	ring  []flight
	first int
	n     int
}

func (q *flights) push(f flight) {
	if q.n == len(q.ring) {
		q.grow()
	}
	q.ring[(q.first+q.n)%len(q.ring)] = f
	q.n++
}

func (q *flights) grow() {
	const small = 4
	longer := make([]flight, max(small, 2*len(q.ring)))
	copied := copy(longer, q.ring[q.first:])
	copy(longer[copied:], q.ring[:q.first])
	q.ring, q.first = longer, 0
}

// pop takes the oldest; there must be one.
func (q *flights) pop() flight {
	f := q.ring[q.first]
	q.first = (q.first + 1) % len(q.ring)
	q.n--
	return f
}
