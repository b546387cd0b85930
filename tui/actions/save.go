package actions

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"sluice/proxy/option"
)

// Save writes data to a file that only its owner can read, if it is new. A path
// with a + in front is appended to; separate puts a line break between what is
// there and data.
func Save(path string, data []byte, separate bool) error {
	path, appending := strings.CutPrefix(path, "+")
	if strings.TrimSpace(path) == "" {
		return errors.New("a path is needed, as in: ./body.txt")
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if appending {
		flags = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	}
	file, err := os.OpenFile(option.ExpandHome(path), flags, 0o600)
	if err != nil {
		return elsewhere(fmt.Errorf("save: %w", err))
	}
	if info, err := file.Stat(); err == nil && appending && separate && info.Size() > 0 {
		data = append([]byte{'\n'}, data...)
	}
	_, err = file.Write(data)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	return nil
}

// elsewhere says what to do about a path whose folder is not there.
func elsewhere(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: choose a folder that is there, or make this one", err)
	}
	return err
}
