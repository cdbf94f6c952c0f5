//go:build linux

package file

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// script is what is done to one file.
type script struct {
	opener  opener
	flag    int
	perm    os.FileMode
	initial int // how long the file is, -1 for none
	ops     []op
}

type opener int

const (
	byOpen opener = iota
	byCreate
	byOpenFile
)

// op is one call.
type op struct {
	verb verb
	n    int   // how many bytes
	off  int64 // an offset or a size
	how  int   // whence of a seek, or which source
}

type verb int

const (
	read verb = iota
	readAt
	write
	writeString
	writeAt
	seek
	truncate
	truncateBeneath // by another descriptor
	stat
	syncIt
	datasync
	readFrom
	copyTo   // io.Copy from a source
	copyFrom // io.Copy to memory
	readAll
	chmod
	closeIt
)

var verbNames = [...]string{"Read", "ReadAt", "Write", "WriteString", "WriteAt", "Seek", "Truncate", "os.Truncate",
	"Stat", "Sync", "Datasync", "ReadFrom", "io.Copy to it from", "io.CopyN from it", "io.ReadAll", "Chmod", "Close"}

// shares say how many of a hundred calls are of each kind.
var shares = [...]int{read: 18, readAt: 18, write: 13, writeString: 3, writeAt: 13, seek: 10, truncate: 3,
	truncateBeneath: 3, stat: 2, syncIt: 1, datasync: 1, readFrom: 6, copyTo: 3, copyFrom: 2, readAll: 1, chmod: 1, closeIt: 2}

// The sources of ReadFrom and io.Copy.
const (
	ownFile = iota // of the same package
	osFile
	limitedOwn
	limitedOS
	inMemory
	limitedInMemory
	failing
	closedOwn
	sources
)

func (o op) String() string {
	return fmt.Sprintf("%s n=%d off=%d how=%d", verbNames[o.verb], o.n, o.off, o.how)
}

func (s script) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "  0  %s, flag %#x, perm %v, of %d bytes\n",
		[...]string{"Open", "Create", "OpenFile"}[s.opener], s.flag, s.perm, s.initial)
	for i, o := range s.ops {
		fmt.Fprintf(&b, "%3d  %v\n", i+1, o)
	}
	return b.String()
}

func newScript(seed uint64) script {
	r := rand.New(rand.NewPCG(seed, 3))
	s := script{opener: opener(r.IntN(5)), perm: []os.FileMode{0o600, 0o644, 0o400, 0o666 | os.ModeSticky}[r.IntN(4)]}
	s.opener = min(s.opener, byOpenFile)
	s.flag = []int{os.O_RDWR, os.O_RDWR, os.O_RDONLY, os.O_WRONLY}[r.IntN(4)]
	for _, f := range []struct{ flag, oneIn int }{
		{os.O_CREATE, 2}, {os.O_APPEND, 4}, {os.O_TRUNC, 6}, {os.O_EXCL, 8}, {os.O_SYNC, 60},
		{unix.O_NONBLOCK, 8}, {unix.O_DIRECTORY, 40}, {unix.O_NOFOLLOW, 20},
	} {
		if r.IntN(f.oneIn) == 0 {
			s.flag |= f.flag
		}
	}
	s.initial = []int{-1, 0, 1, 4096, 10_000, 10_000, 70_000, 300_000}[r.IntN(8)]
	for range 3 + r.IntN(20) {
		s.ops = append(s.ops, randomOp(r))
	}
	return s
}

func randomOp(r *rand.Rand) op {
	at := r.IntN(100)
	o := op{n: size(r), off: offset(r)}
	for at >= shares[o.verb] {
		at -= shares[o.verb]
		o.verb++
	}
	switch o.verb {
	case seek:
		o.how = r.IntN(4) // one of them is wrong
		if r.IntN(3) == 0 {
			o.off = -int64(r.IntN(20_000))
		}
	case readFrom, copyTo:
		o.how = r.IntN(sources)
	}
	return o
}

func size(r *rand.Rand) int {
	switch r.IntN(12) {
	case 0:
		return 0
	case 1:
		return 4096
	case 2:
		return 60_000 + r.IntN(20_000) // around rawReadMax
	case 3:
		return r.IntN(300_000)
	}
	return 1 + r.IntN(6000)
}

// fourGiB is an offset that 32 bits do not hold.
const fourGiB = 4 << 30

func offset(r *rand.Rand) int64 {
	switch r.IntN(16) {
	case 0:
		return 0
	case 1:
		return []int64{-1, -4096, math.MinInt64, math.MaxInt64, math.MaxInt64 - 5000, 1 << 50}[r.IntN(6)]
	case 2, 3:
		return fourGiB - 3000 + r.Int64N(6000)
	case 4, 5:
		return 4096 * r.Int64N(5)
	case 6:
		return r.Int64N(400_000)
	}
	return r.Int64N(15_000)
}
