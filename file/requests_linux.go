package file

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/choice"
	"github.com/uringnet/uringnet/internal/sched"
)

const directFlag = unix.O_DIRECT

// usable reports whether requests may be made in this process. The error is what OpenFile fails
// with, or nil.
func usable() (bool, error) {
	b := choice.Chosen()
	return b.Name == choice.IOUring, b.Err
}

// outsideBubbles runs f soon, in a goroutine that belongs to no testing/synctest bubble.
func outsideBubbles(f func()) { sched.OutsideBubbles(f) }

// request is a read by a disk, one at a time. It lies on the heap.
type request struct {
	r    sched.FileRequest
	disk *sched.Disk
	iov  unix.Iovec // of preadNow
}

// reset prepares the next request, and reports whether one can be made: not if there is no ring.
func (r *request) reset(device uint64) bool {
	r.r.Reset()
	r.disk = sched.DiskOf(device)
	return r.disk != nil
}

func (r *request) interrupt()        { r.r.Interrupt() }
func (r *request) interrupted() bool { return r.r.Interrupted() }

// read is pread(2), or read(2) with atPosition. For that File.position is held.
func (r *request) read(fd int, p []byte, off int64) (int, error) {
	if off != atPosition {
		return r.pread(fd, p, off)
	}
	off, err := unix.Seek(fd, 0, unix.SEEK_CUR)
	if err != nil {
		return 0, err
	}
	n, err := r.pread(fd, p, off)
	if n > 0 {
		_, err = unix.Seek(fd, int64(n), unix.SEEK_CUR)
	}
	return n, err
}

func (r *request) pread(fd int, p []byte, off int64) (int, error) {
	n, err := result(r.r.Read(r.disk, fd, p, off))
	if err == nil {
		raceRead(fd, p[:n])
	}
	return n, err
}

func result(n int, errno syscall.Errno) (int, error) {
	switch errno {
	case 0:
		return n, nil
	case syscall.ECANCELED, syscall.EINTR:
		return 0, errCancelled
	}
	return 0, errno
}

// The errors of a read that is not to wait.
var (
	errWouldWait  = errors.New("it would wait")
	errCannotTell = errors.New("the file system cannot tell whether it would wait")
)

// readCached is pread(2), or read(2) with atPosition, of what is in memory. Its errors are those
// above, and those of the kernel.
func (r *request) readCached(fd int, p []byte, off int64) (int, error) {
	for {
		n, errno := r.preadNow(fd, p, off)
		switch errno {
		case 0:
			raceRead(fd, p[:n])
			return n, nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, errWouldWait
		case syscall.EOPNOTSUPP, syscall.ENOSYS, syscall.EPERM: // the last two from a seccomp filter
			return 0, errCannotTell
		default:
			return 0, errno
		}
	}
}

// isInMemory reports whether so many bytes, as far as the file has them, are surely in memory. The
// kernel has counted pages since Linux 6.5, those included that the disk is still at: of such a row
// the last comes last.
func (r *request) isInMemory(fd int, off, n int64) bool {
	if off == atPosition {
		var err error
		if off, err = unix.Seek(fd, 0, unix.SEEK_CUR); err != nil {
			return false
		}
	}
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || st.Size <= off {
		return false
	}
	end := min(off+n, st.Size)
	where := unix.CachestatRange{Off: uint64(off), Len: uint64(end - off)}
	var there unix.Cachestat_t
	if unix.Cachestat(uint(fd), &where, &there, 0) != nil {
		return false
	}
	pageSize := int64(os.Getpagesize())
	if pages := (end-1)/pageSize - off/pageSize + 1; there.Cache < uint64(pages) {
		return false
	}
	var last [1]byte
	_, err := r.readCached(fd, last[:], end-1)
	return err == nil
}

// cannotTell reports whether the file system cannot tell whether a read would wait. It asks for
// what no file has, so that nothing waits. A file that cannot be read, or has no offset, does not
// answer.
func cannotTell(fd int) bool {
	_, err := new(request).readCached(fd, make([]byte, minRead), 1<<62)
	return err == errCannotTell || err == syscall.EBADF || err == syscall.ESPIPE
}

func setBlocking(fd uintptr) { unix.SetNonblock(int(fd), false) }

func readPlain(fd int, p []byte, off int64) (int, error) {
	if off == atPosition {
		return uninterrupted(func() (int, error) { return syscall.Read(fd, p) })
	}
	return uninterrupted(func() (int, error) { return syscall.Pread(fd, p, off) })
}

func writePlain(fd int, p []byte, off int64) (int, error) {
	if off == atPosition {
		return uninterrupted(func() (int, error) { return syscall.Write(fd, p) })
	}
	return uninterrupted(func() (int, error) { return syscall.Pwrite(fd, p, off) })
}

func syncPlain(fd int, onlyData bool) error {
	_, err := uninterrupted(func() (int, error) {
		if onlyData {
			return 0, syscall.Fdatasync(fd)
		}
		return 0, syscall.Fsync(fd)
	})
	return err
}

func uninterrupted(f func() (int, error)) (int, error) {
	for {
		if n, err := f(); err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}
