package file

import "os"

// Sync writes all that is in memory of the file to its disk, as [os.File.Sync] does.
func (f *File) Sync() error { return f.sync(syncAll) }

// Datasync is Sync without what is not needed to read the data again, such as times: fdatasync(2).
// On systems other than Linux it is Sync.
func (f *File) Datasync() error { return f.sync(syncData) }

func (f *File) sync(run func(*call, int)) error {
	switch {
	case f == nil:
		return os.ErrInvalid
	case f.raw == nil:
		return f.f.Sync()
	}
	_, err := newCall(f, &f.writing, nil, 0).control(run)
	return f.named("sync", err)
}

func syncAll(c *call, fd int)  { c.sync(fd, false) }
func syncData(c *call, fd int) { c.sync(fd, true) }

// sync makes a request at once: a sync waits for the disk.
func (c *call) sync(fd int, onlyData bool) {
	for c.err = errRefused; c.err == errRefused; {
		switch {
		case c.interruption() != nil:
			c.err = c.interruption()
		case c.begin():
			_, c.err = c.endRequest(0, c.request.sync(fd, onlyData))
		default:
			c.err = syncPlain(fd, onlyData)
		}
	}
}
