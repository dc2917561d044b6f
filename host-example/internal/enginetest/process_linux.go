package enginetest

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Children are the processes that the process started and that run, by the name of their program. It
// reads /proc.
func Children(pid int, name string) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var out []int
	for _, e := range entries {
		child, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", child))
		if err != nil {
			continue
		}
		// The name is in parentheses and may hold any character.
		i := bytes.LastIndexByte(stat, ')')
		if i < 0 {
			continue
		}
		var state string
		var parent int
		if _, err := fmt.Sscan(string(stat[i+1:]), &state, &parent); err != nil || parent != pid || state == "Z" {
			continue
		}
		command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", child))
		program, _, _ := strings.Cut(string(command), "\x00")
		if err == nil && strings.Contains(program, name) {
			out = append(out, child)
		}
	}
	return out
}
