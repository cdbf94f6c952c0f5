package differential

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
)

// identities are the errors that programs ask for by errors.Is.
var identities = []struct {
	name string
	err  error
}{
	{"io.EOF", io.EOF},
	{"io.ErrUnexpectedEOF", io.ErrUnexpectedEOF},
	{"io.ErrClosedPipe", io.ErrClosedPipe},
	{"io.ErrShortWrite", io.ErrShortWrite},
	{"net.ErrClosed", net.ErrClosed},
	{"os.ErrDeadlineExceeded", os.ErrDeadlineExceeded},
	{"context.DeadlineExceeded", context.DeadlineExceeded},
	{"context.Canceled", context.Canceled},
	{"fs.ErrClosed", fs.ErrClosed},
	{"fs.ErrNotExist", fs.ErrNotExist},
	{"fs.ErrExist", fs.ErrExist},
	{"fs.ErrPermission", fs.ErrPermission},
	{"fs.ErrInvalid", fs.ErrInvalid},
	{"EAGAIN", syscall.EAGAIN},
	{"ECANCELED", syscall.ECANCELED},
	{"ECONNABORTED", syscall.ECONNABORTED},
	{"ECONNREFUSED", syscall.ECONNREFUSED},
	{"ECONNRESET", syscall.ECONNRESET},
	{"EINTR", syscall.EINTR},
	{"EINVAL", syscall.EINVAL},
	{"EMFILE", syscall.EMFILE},
	{"ENOBUFS", syscall.ENOBUFS},
	{"ENOTCONN", syscall.ENOTCONN},
	{"EPIPE", syscall.EPIPE},
	{"ETIME", syscall.ETIME},
	{"ETIMEDOUT", syscall.ETIMEDOUT},
}

// Describe says all that a program can learn of an error: its text, the types in its chain, what
// errors.Is and errors.As find in it. Two errors with the same description cannot be told apart,
// save by ==, and so bare io.EOF, which programs compare by ==, is told apart too.
func Describe(err error) string {
	if err == nil {
		return "nil"
	}
	if err == io.EOF {
		return "bare io.EOF"
	}
	var is []string
	for _, id := range identities {
		if errors.Is(err, id.err) {
			is = append(is, id.name)
		}
	}
	var op *net.OpError
	if errors.As(err, &op) {
		is = append(is, fmt.Sprintf("OpError{%s %s %s->%s}", op.Op, op.Net, addr(op.Source), addr(op.Addr)))
	}
	var sc *os.SyscallError
	if errors.As(err, &sc) {
		is = append(is, "SyscallError{"+sc.Syscall+"}")
	}
	var ne net.Error
	if errors.As(err, &ne) {
		//nolint:staticcheck // what package net answers is compared, deprecated or not
		is = append(is, fmt.Sprintf("timeout %v temporary %v", ne.Timeout(), ne.Temporary()))
	}
	return fmt.Sprintf("%q [%s] %s", err, typeChain(err), strings.Join(is, ", "))
}

// addr tells apart a nil interface, the nil pointer in an interface that net takes care to avoid,
// and addresses.
func addr(a net.Addr) string {
	if a == nil {
		return "none"
	}
	return fmt.Sprintf("%T(%v)", a, a)
}

// typeChain returns the types of err and of what it wraps.
func typeChain(err error) string {
	var types []string
	for ; err != nil; err = errors.Unwrap(err) {
		types = append(types, fmt.Sprintf("%T", err))
	}
	return strings.Join(types, " > ")
}
