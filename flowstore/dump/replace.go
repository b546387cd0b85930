package dump

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Replace has a file written anew. If something is in it that is not lost until all is written: write gets the path of another file beside
// it, which takes its place after that. Where that cannot be, or nothing is in it, write gets the path itself. write says how
// many flows it wrote, and whether those are all.
func Replace(path string, write func(path string) (n int, all bool, err error)) (n int, err error) {
	target, err := filepath.EvalSymlinks(path) // a link stays one
	var old *os.File
	var beside string
	if err == nil {
		old, beside = newBeside(target)
	}
	if beside == "" {
		n, _, err = write(path)
		return n, err
	}
	defer old.Close()
	n, all, err := write(beside)
	if !all {
		return n, leave(path, beside, n, err)
	}
	if info, err := old.Stat(); err == nil {
		_ = os.Chmod(beside, info.Mode().Perm())
	}
	old.Close() // some systems replace no file that is open
	if err := os.Rename(beside, target); err != nil {
		return n, leave(path, beside, n, err)
	}
	return n, err
}

// newBeside makes a file beside one with something in it, which is claimed until it is closed; none where that is not to be had.
func newBeside(path string) (old *os.File, beside string) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil, ""
	}
	if old, err = os.OpenFile(path, os.O_RDWR, 0); err != nil {
		return nil, ""
	}
	if _, err = Claim(old); err == nil {
		ext := filepath.Ext(path) // says whether an archive is compressed
		var f *os.File
		if f, err = os.CreateTemp(filepath.Dir(path), strings.TrimSuffix(filepath.Base(path), ext)+".*"+ext); err == nil {
			f.Close()
			return old, f.Name()
		}
	}
	old.Close()
	return nil, ""
}

// leave says what is where when not all could be written to the file beside.
func leave(path, beside string, n int, err error) error {
	if n == 0 {
		os.Remove(beside)
		return fmt.Errorf("%w; what was in %s is still there", err, path)
	}
	return fmt.Errorf("%w; what was in %s is still there, what could be written is in %s", err, path, beside)
}
