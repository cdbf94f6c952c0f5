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

// request is one request at a time.
type request struct{ r sched.FileRequest }

// possible makes the ring if there is none, and reports whether there is one.
func (r *request) possible() bool    { return sched.EnsureFileRing() }
func (r *request) interrupt()        { r.r.Interrupt() }
func (r *request) interrupted() bool { return r.r.Interrupted() }

// reset prepares the next request. What may wait in spite of being told not to has to begin in a
// thread of the kernel, or it would hold ours.
func (r *request) reset(mayWait bool) {
	r.r.Reset()
	r.r.InWorker = mayWait
}

// read is pread(2), or read(2) with atPosition. The kernel moves the offset of a file only for
// requests that it need not hand to the disk, so it is moved here.
func (r *request) read(fd int, p []byte, off int64) (int, error) {
	if off != atPosition {
		return result(r.r.Read(fd, p, off))
	}
	off, err := unix.Seek(fd, 0, unix.SEEK_CUR)
	if err != nil {
		return 0, err
	}
	n, err := result(r.r.Read(fd, p, off))
	return moved(fd, n, err)
}

// write is pwrite(2), or write(2) with atPosition, likewise. Where the file is opened for appending
// it leaves the place, and the offset, to the kernel.
func (r *request) write(fd int, p []byte, off int64, appends bool) (int, error) {
	if off != atPosition || appends {
		return result(r.r.Write(fd, p, off))
	}
	off, err := unix.Seek(fd, 0, unix.SEEK_CUR)
	if err != nil {
		return 0, err
	}
	n, err := result(r.r.Write(fd, p, off))
	return moved(fd, n, err)
}

// moved moves the offset on by n, from wherever it is: a Seek, or a call of the other direction,
// may have moved it meanwhile.
func moved(fd, n int, err error) (int, error) {
	if n > 0 {
		_, err = unix.Seek(fd, int64(n), unix.SEEK_CUR)
	}
	return n, err
}

func (r *request) sync(fd int, onlyData bool) error {
	_, err := result(0, r.r.Sync(fd, onlyData))
	return err
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
func readCached(fd int, p []byte, off int64) (int, error) {
	for {
		n, errno := preadNow(fd, p, off)
		switch errno {
		case 0:
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
func isInMemory(fd int, off, n int64) bool {
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
	_, err := readCached(fd, last[:], end-1)
	return err == nil
}

// cannotTell reports whether the file system of a file with O_DIRECT cannot tell whether a read
// would wait. It asks for what no file has, so that nothing waits. A file that cannot be read does
// not answer.
func cannotTell(fd int) bool {
	_, err := readCached(fd, make([]byte, minRead), 1<<62)
	return err == errCannotTell || err == syscall.EBADF
}

// onFUSE reports whether a file is on FUSE, or may be.
func onFUSE(fd int) bool {
	var st unix.Statfs_t
	return unix.Fstatfs(fd, &st) != nil || st.Type == unix.FUSE_SUPER_MAGIC
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
