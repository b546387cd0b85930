//go:build unix

package browser

import (
	"os/exec"
	"syscall"
)

// own makes the processes of a command a group of their own, which signals from the terminal do not reach.
func own(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// kill ends all processes of a command.
func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
