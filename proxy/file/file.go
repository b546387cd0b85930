// Package file finds and reads the files that people name, in options, rules and commands. It is a leaf.
package file

import (
	"fmt"
	"os"
	"strings"
)

// Read returns what is in a regular file of at most so many bytes. Anything else it refuses: to read a pipe or a device may never end.
func Read(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a file", path)
	case info.Size() > most:
		return nil, fmt.Errorf("%s is larger than %d MiB", path, most>>20)
	}
	return os.ReadFile(path)
}

// ExpandHome replaces a leading ~ by the home directory; without one path is returned as it is.
func ExpandHome(path string) string {
	if path != "~" && !strings.HasPrefix(path, "~/") {
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return path
	}
	return home + path[1:]
}
