// Package target puts files in their place that are made anew of the same records whenever those change:
// spreadsheets and reports. A file appears whole or not at all, whatever ends the process. One that is open
// in another program, or that somebody changed, is left alone: the new one gets a name beside it.
package target
