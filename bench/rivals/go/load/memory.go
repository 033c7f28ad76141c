package load

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
)

// Memory is what a process holds, in bytes.
type Memory struct {
	// HeapBytes counts heap and stacks of goroutines.
	HeapBytes uint64 `json:"heapBytes"`
	// RssBytes is 0 where /proc is missing.
	RssBytes uint64 `json:"rssBytes"`
}

// ReadMemory collects garbage, gives free memory back to the system, and says what is left.
func ReadMemory() Memory {
	runtime.GC()
	debug.FreeOSMemory()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return Memory{HeapBytes: stats.HeapAlloc + stats.StackInuse, RssBytes: residentBytes()}
}

func residentBytes() uint64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseUint(string(fields[1]), 10, 64)
	return pages * uint64(os.Getpagesize())
}
