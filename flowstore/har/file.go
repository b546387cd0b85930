package har

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"strings"

	"sluice/proxy/flow"
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

// Save writes flows to a file, and returns how many were written. When ctx ends before, what is there is an archive of the first of them.
func Save(ctx context.Context, path string, flows iter.Seq[*flow.Flow]) (int, error) {
	file, err := Create(path)
	if err != nil {
		return 0, err
	}
	for f := range flows {
		if err = ctx.Err(); err != nil {
			err = fmt.Errorf("the HTTP archive %s is not complete, %d flows were written: %w", path, file.Len(), err)
			break
		}
		if file.Write(f) != nil {
			break // Close says why
		}
	}
	return file.Len(), errors.Join(err, file.Close())
}
