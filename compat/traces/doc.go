// Package traces tests that execution traces (runtime/trace) show where the calls of uringnet wait,
// as a tool that reads traces sees it.
package traces
