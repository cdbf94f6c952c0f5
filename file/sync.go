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

// sync is a plain call, for the same reason as a write.
func (c *call) sync(fd int, onlyData bool) {
	if c.err = c.interruption(); c.err == nil {
		c.err = syncPlain(fd, onlyData)
	}
}
