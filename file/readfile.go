package file

import (
	"io/fs"
	"os"
)

// ReadFile reads a whole file, as [os.ReadFile] does.
func ReadFile(name string) ([]byte, error) {
	if possible, err := usable(); !possible && err == nil {
		return os.ReadFile(name)
	}
	return readFile(name)
}

// minRead is the least that is read at once: what says that it is empty may not be, as in /proc.
const minRead = 512

// WriteFile writes a file, which it makes or truncates, as [os.WriteFile] does.
func WriteFile(name string, data []byte, perm fs.FileMode) error {
	f, err := OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, perm)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if e := f.Close(); e != nil && err == nil {
		err = e
	}
	return err
}
