//go:build aix || (solaris && !illumos) || (!unix && !windows)

package dump

import "os"

// lock takes it that nobody else writes the file.
func lock(*os.File) bool { return true }
