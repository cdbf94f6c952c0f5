// Package job is what the command kernels and the program that it boots say to each other: the
// first hands over a list of runs, the second answers on the console.
package job

// Path is where the list of runs is, in JSON, in the initramfs.
const Path = "/job.json"

// Modules is the folder of the initramfs with modules that the kernel is to load.
const Modules = "/modules"

// Marker begins each line of the console that is meant for the command. A kind and JSON follow.
const Marker = "@@uringnet "

// The kinds of lines.
const (
	Begin = "begin" // a Run begins
	End   = "end"   // its Result; before it stand the lines that it printed, if it failed
	Over  = "over"  // all runs are over
)

// Run is one program that is run in the emulated machine.
type Run struct {
	Dir     string   `json:"dir"` // where it runs, and where its binary is
	Program string   `json:"program"`
	Args    []string `json:"args"`
	Env     []string `json:"env"`
	Seconds int      `json:"seconds"` // it is ended after so long
	Verbose bool     `json:"verbose"` // its output is wanted also if it succeeds
}

// Result is how a run ended.
type Result struct {
	Error   string   `json:"error,omitempty"` // empty if it ended with status 0
	Seconds float64  `json:"seconds"`
	Passed  int      `json:"passed"`  // tests, without subtests
	Skipped []string `json:"skipped"` // tests, without subtests
	Failed  []string `json:"failed"`  // tests, without subtests
}
