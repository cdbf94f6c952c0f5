// Package file reads and writes files like package os, without a thread for each read that waits
// for a disk.
//
// A system call on a file that has to wait holds its thread for as long, and the runtime starts
// another thread for the goroutines that could run. A thousand goroutines that read from a slow
// disk are a thousand threads. Here the first few wait like that, which costs least. When there are
// more, what is in memory is read by a system call that does not wait, and the rest by a request on
// an io_uring: the goroutine parks until the kernel has done it.
//
//	f, err := file.Open("data")     // instead of os.Open
//	n, err := f.ReadAt(buf, 4096)
//
// The functions and methods are those of package os, and so are their errors: *fs.PathError with
// the texts of os, and the same values for [errors.Is]. What differs:
//
//   - A File has deadlines, which os refuses for regular files, and [File.ReadAtContext] and
//     [File.WriteAtContext]. They end a read that waits for its turn at the disk, and whatever has
//     not begun.
//   - Only regular files and block devices make requests. Pipes, terminals, sockets and directories
//     are those of package os.
//   - There is nothing to make, rename and remove files: that is what package os is for. An open is
//     an ordinary call, too, with the rights and in the name space of the calling thread.
//
// Where there is no io_uring all calls are those of package os: on systems other than Linux, where
// [github.com/uringnet/uringnet.Backend] says "poller" or "net", and where the kernel has no memory
// for a ring. With URINGNET=require files cannot be opened there.
package file
