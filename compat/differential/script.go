package differential

import (
	"fmt"
	"slices"
	"strings"
)

// Script is what happens, one step after the other, on sockets of one network.
type Script struct {
	Network string // tcp, tcp6, unix or unixpacket
	Steps   []Step
}

// Step is one operation: which, on which end of which connection, and how many bytes.
type Step struct {
	Op   string // a name in operations
	Pair int    // which connection, below maxPairs
	End  int    // 0 is the end that dialed, "a"; 1 the one that was accepted, "b"
	N    int    // a number of bytes, or whatever the operation makes of it
}

const (
	maxPairs   = 3
	maxBytes   = 20000 // so much fits into the buffers of any socket that nobody reads,
	maxPackets = 8     // and so many packets of the largest size
)

// networks are the networks of scripts; a network that is listed more often is chosen more often.
var networks = []string{"tcp", "tcp", "tcp", "unix", "unix", "tcp6", "unixpacket"}

// sizes are the byte counts of scripts: the empty and the single byte, and the edges of uringnet's
// pooled buffers of 4096 bytes.
var sizes = []int{0, 1, 1, 2, 5, 100, 512, 4095, 4096, 4097, 8192, 9000}

// String returns the script as text that [Parse] reads: the network, then a line for each step,
// such as "write 0a 100".
func (s Script) String() string {
	var b strings.Builder
	fmt.Fprintln(&b, s.Network)
	for _, step := range s.Steps {
		fmt.Fprintln(&b, step)
	}
	return b.String()
}

func (s Step) String() string { return fmt.Sprintf("%s %d%c %d", s.Op, s.Pair, 'a'+s.End, s.N) }

// Parse reads a script as String writes it. Empty lines and lines that start with # are ignored.
func Parse(text string) (Script, error) {
	var s Script
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if s.Network == "" {
			if !slices.Contains(networks, line) {
				return s, fmt.Errorf("line %d: unknown network %q", n+1, line)
			}
			s.Network = line
			continue
		}
		var step Step
		var end rune
		if _, err := fmt.Sscanf(line, "%s %d%c %d", &step.Op, &step.Pair, &end, &step.N); err != nil {
			return s, fmt.Errorf("line %d: %q: %w", n+1, line, err)
		}
		step.End = int(end - 'a')
		if !slices.Contains(opNames, step.Op) || uint(step.Pair) >= maxPairs || uint(step.End) > 1 || uint(step.N) > maxBytes {
			return s, fmt.Errorf("line %d: %q is not a step", n+1, line)
		}
		s.Steps = append(s.Steps, step)
	}
	return s, nil
}

// opNames holds each operation's name as often as its weight says, in a fixed order.
var opNames []string

func weighted(operations map[string]operation) []string {
	var names []string
	for name, op := range operations {
		names = append(names, slices.Repeat([]string{name}, op.weight)...)
	}
	slices.Sort(names)
	return names
}

// FromBytes makes a script of any bytes, for the fuzzer: two bytes a step.
func FromBytes(data []byte) Script {
	s := Script{Network: networks[0]}
	if len(data) > 0 {
		s.Network = networks[int(data[0])%len(networks)]
		data = data[1:]
	}
	const enough = 60 // steps
	for ; len(data) >= 2 && len(s.Steps) < enough; data = data[2:] {
		what := int(data[1])
		s.Steps = append(s.Steps, Step{
			Op:   opNames[int(data[0])%len(opNames)],
			End:  what & 1,
			Pair: (what >> 1 & 3) % maxPairs,
			N:    sizes[(what>>3)%len(sizes)],
		})
	}
	return s
}

// Minimise leaves out steps as long as the script still shows a difference.
func Minimise(s Script, differs func(Script) bool) Script {
	for size := len(s.Steps) / 2; size > 0; {
		shorter, found := s, false
		for at := 0; at+size <= len(s.Steps) && !found; at += size {
			shorter.Steps = slices.Delete(slices.Clone(s.Steps), at, at+size)
			found = differs(shorter)
		}
		switch {
		case found:
			s = shorter
			size = min(size, len(s.Steps)/2)
			size = max(size, min(1, len(s.Steps)))
		default:
			size /= 2
		}
	}
	return s
}
