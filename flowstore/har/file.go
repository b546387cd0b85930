package har

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// A File is an archive that is written to a file.
type File struct {
	*Writer
	path string
	file *os.File
}

// Create begins an archive in a file that only its owner can read, if it is new. What was in the file is lost.
func Create(path string) (*File, error) {
	if strings.TrimSpace(path) == "" {
		return nil, errors.New("a path is needed, as in: ./flows.har")
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot write the HTTP archive: %w", err)
	}
	return &File{NewWriter(f, Compressed(path)), path, f}, nil
}

// Close ends the archive and closes the file. Its error is the first one that writing met.
func (f *File) Close() error {
	err := f.Writer.Close()
	if shut := f.file.Close(); err == nil {
		err = shut
	}
	if err != nil {
		return fmt.Errorf("cannot write the HTTP archive %s: %w", f.path, err)
	}
	return nil
}
