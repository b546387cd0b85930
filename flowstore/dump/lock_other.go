//go:build !unix

package dump

import "os"

// claim takes it that nobody else writes the file.
func claim(*os.File) error { return nil }
