package pgtest

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// children returns the processes that a process has started. PostgreSQL's have sessions of their own,
// so that a signal to the group would not reach them.
func children(pid int) []int {
	var pids []int
	lists, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	for _, list := range lists {
		b, _ := os.ReadFile(list)
		for word := range strings.FieldsSeq(string(b)) {
			if child, err := strconv.Atoi(word); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}

func zombie(pid int) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return true
	}
	// The name in brackets may hold anything; the state follows it.
	at := bytes.LastIndexByte(b, ')')
	return at >= 0 && at+2 < len(b) && b[at+2] == 'Z'
}
