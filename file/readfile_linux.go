package file

import (
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// readFile reads a whole file. It needs no File for that.
func readFile(name string) ([]byte, error) {
	if _, err := usable(); err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	fd, st, err := openPlain(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	if kindOf(st) != onDisk {
		f, _ := newFile(fd, name, os.O_RDONLY, st)
		defer f.Close()
		return io.ReadAll(f)
	}
	defer unix.Close(fd)
	data, err := readDescriptor(fd, st.Size, uint64(st.Dev))
	if err != nil {
		err = &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return data, err
}

// readDescriptor reads until the end of a file of that size, as far as is known. A file system that
// has told whether a read would wait knows it: then the end need not be read.
func readDescriptor(fd int, size int64, device uint64) (data []byte, err error) {
	known := int(size)
	if int64(known) != size {
		known = 0 // as package os does: it would not fit into memory
	}
	data = make([]byte, max(known, minRead))
	n, next := 0, data[:known]
	for {
		c := newCall(nil, nil, next, atPosition)
		c.device = device
		readOnDisk(c, fd)
		told := !c.plain
		m, err := c.finish(nil)
		n += m
		if err != nil || m < len(next) || told && m > 0 && n == known {
			return data[:n], err
		}
		if n == len(data) {
			data = append(data, make([]byte, max(minRead, n/4))...)
		}
		next = data[n:]
	}
}
