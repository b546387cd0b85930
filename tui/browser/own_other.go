//go:build !unix

package browser

import "os/exec"

func own(*exec.Cmd) {}

// kill ends the process of a command.
func kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
