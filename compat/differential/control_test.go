package differential

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// FuzzControl sends messages with control data over Unix sockets: descriptors, credentials, and
// what is neither. Any bytes are such messages. What arrives is decoded, and must be the same on
// net and on uringnet.
func FuzzControl(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 64, 0, 0, 1, 2})             // two descriptors
	f.Add([]byte{1, 64, 0, 0, 1, 1, 0, 1, 3})    // of packets, two messages
	f.Add([]byte{2, 200, 0, 1, 0})               // credentials that are asked for
	f.Add([]byte{0, 17, 0, 0, 5, 0, 2, 7})       // too little room for what comes
	f.Add([]byte{4, 0, 0, 0, 1})                 // received by Read, which drops it
	f.Add([]byte{0, 64, 3, 0, 1, 4, 2, 2, 9, 1}) // lengths that are wrong
	f.Fuzz(func(t *testing.T, data []byte) {
		e := exchangeOf(data)
		path := filepath.Join(t.TempDir(), "s") // the same in both worlds, since errors name it
		onNet, onUringnet := e.run(t, Net(), path), e.run(t, Uringnet(), path)
		if diff := cmp.Diff(onNet, onUringnet); diff != "" {
			t.Errorf("%+v: on net (-) and uringnet (+):\n%s", e, diff)
		}
	})
}

// exchange is what is sent over a connection in one direction, and how it is received.
type exchange struct {
	network     string
	credentials bool // the receiver asks for those of the sender
	by          int  // which call receives
	room        int  // of the receiver, for control data
	messages    []message
}

// message is what one call sends: a payload and control data.
type message struct {
	payload int
	control []control
}

// control is one control message. Where it passes descriptors there are so many of them, and the
// length that it says it has is wrong by some bytes.
type control struct {
	level, kind int32
	descriptors int
	wrong       int
}

// Kinds of receiving calls.
const (
	byReadMsg = iota
	byRead
	byReadFrom
)

// exchangeOf makes an exchange of any bytes.
func exchangeOf(data []byte) exchange {
	next := func() int {
		if len(data) == 0 {
			return 0
		}
		b := data[0]
		data = data[1:]
		return int(b)
	}
	how := next()
	e := exchange{network: "unix", credentials: how&2 != 0, by: how >> 2 % 3, room: next()}
	if how&1 != 0 {
		e.network = "unixpacket"
	}
	const most = 4 // messages, and parts of each
	for len(data) > 0 && len(e.messages) < most {
		m := message{payload: next() % 5}
		for parts := next() % most; parts >= 0; parts-- {
			c := control{level: unix.SOL_SOCKET, kind: unix.SCM_RIGHTS}
			switch what := next(); {
			case what < 128:
				c.descriptors = what % 6
			case what < 192:
				c.kind = unix.SCM_CREDENTIALS
			default:
				c.level, c.kind = int32(what), int32(next())
			}
			if odd := next(); odd > 200 {
				c.wrong = odd - 228
			}
			m.control = append(m.control, c)
		}
		e.messages = append(e.messages, m)
	}
	return e
}

// encode is the control data, with the descriptors of files.
func (m message) encode(files []*os.File) []byte {
	var out []byte
	for _, c := range m.control {
		var data []byte
		switch {
		case c.level == unix.SOL_SOCKET && c.kind == unix.SCM_CREDENTIALS:
			ucred := unix.UnixCredentials(&unix.Ucred{Pid: int32(os.Getpid()), Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid())})
			data = ucred[unix.CmsgLen(0):]
		default:
			for i := range c.descriptors {
				data = binary.NativeEndian.AppendUint32(data, uint32(files[i%len(files)].Fd()))
			}
		}
		said := unix.CmsgLen(len(data)) + c.wrong
		// struct cmsghdr: the length, of the size of a word, and two numbers.
		header := binary.NativeEndian.AppendUint64(nil, uint64(said))
		if unix.CmsgLen(0) < 16 {
			header = binary.NativeEndian.AppendUint32(nil, uint32(said))
		}
		header = binary.NativeEndian.AppendUint32(header, uint32(c.level))
		header = binary.NativeEndian.AppendUint32(header, uint32(c.kind))
		part := make([]byte, unix.CmsgSpace(len(data)))
		copy(part[copy(part, header):], data)
		out = append(out, part...)
	}
	return out
}

// unixMessages is what a Unix connection has beside a stream.
type unixMessages interface {
	Conn
	ReadFromUnix(b []byte) (int, *net.UnixAddr, error)
	ReadMsgUnix(b, oob []byte) (n, oobn, flags int, addr *net.UnixAddr, err error)
	WriteMsgUnix(b, oob []byte, addr *net.UnixAddr) (n, oobn int, err error)
}

// run makes the exchange in a world and says what came of each call.
func (e exchange) run(t *testing.T, w World, path string) (results []string) {
	t.Helper()
	from, to := e.connect(t, w, path)
	defer to.Close()
	files := someFiles(t)
	for i, m := range e.messages {
		payload := make([]byte, m.payload)
		for j := range payload {
			payload[j] = byte(i + 1)
		}
		n, oobn, err := from.WriteMsgUnix(payload, m.encode(files), nil)
		results = append(results, fmt.Sprintf("sent %d, %d, %s", n, oobn, Describe(err)))
	}
	from.Close() // so that the receiver comes to the end
	for _, f := range files {
		f.Close()
	}
	const enough = 30 // calls: there are fewer than so many bytes
	for range enough {
		result, err := e.receive(to)
		results = append(results, result)
		if err != nil {
			return results
		}
	}
	return append(results, "there is no end")
}

// connect makes a connection of which both ends are of the world w.
func (e exchange) connect(t *testing.T, w World, path string) (from, to unixMessages) {
	t.Helper()
	ln, err := w.Listen(e.network, path)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	dialed, err := w.Dial(context.Background(), e.network, path)
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	from, to = dialed.(unixMessages), accepted.(unixMessages)
	if e.credentials {
		rc, err := to.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		var inner error
		err = rc.Control(func(fd uintptr) { inner = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PASSCRED, 1) })
		if err = errors.Join(err, inner); err != nil {
			t.Fatal(err)
		}
	}
	return from, to
}

// someFiles are what the descriptors name that are passed: each is something else.
func someFiles(t *testing.T) []*os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	return []*os.File{null, r, w}
}

// receive calls one receiving call. The error is that of the call.
func (e exchange) receive(to unixMessages) (string, error) {
	var b [3]byte // less than the longest payload
	switch e.by {
	case byRead:
		n, err := to.Read(b[:])
		return fmt.Sprintf("read %v, %s", b[:max(n, 0)], Describe(err)), err
	case byReadFrom:
		n, addr, err := to.ReadFromUnix(b[:])
		return fmt.Sprintf("read %v from %v, %s", b[:max(n, 0)], addr, Describe(err)), err
	}
	oob := make([]byte, e.room)
	n, oobn, flags, addr, err := to.ReadMsgUnix(b[:], oob)
	result := fmt.Sprintf("read %v, %d, flags %#x, from %v, %s", b[:max(n, 0)], oobn, flags, addr, Describe(err))
	return result + decode(oob[:oobn]), err
}

// decode says what control data is, and closes the descriptors in it.
func decode(oob []byte) (text string) {
	messages, err := syscall.ParseSocketControlMessage(oob)
	if err != nil {
		return fmt.Sprintf("; not to be decoded: %v", err)
	}
	for i := range messages {
		m := &messages[i]
		text += fmt.Sprintf("; level %d, type %d:", m.Header.Level, m.Header.Type)
		if m.Header.Level != unix.SOL_SOCKET || m.Header.Type != unix.SCM_RIGHTS {
			text += fmt.Sprintf(" %x", m.Data)
			continue
		}
		fds, err := syscall.ParseUnixRights(m)
		if err != nil {
			return text + " " + err.Error()
		}
		for _, fd := range fds {
			text += " " + nameOf(fd)
			syscall.Close(fd)
		}
	}
	return text
}

// nameOf says what a descriptor is, in words that are the same for each pipe.
func nameOf(fd int) string {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err.Error()
	}
	status, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return err.Error()
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("file of mode %o, device %#x, status %#x, flags %#x", st.Mode, st.Rdev, status, flags)
}
