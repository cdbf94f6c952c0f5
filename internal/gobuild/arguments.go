package gobuild

import (
	"fmt"
	"slices"
	"strings"
)

// building are the commands of the go command that build, or look at what would be built.
var building = []string{"build", "install", "run", "test", "vet", "list"}

// arguments are those of a go command.
type arguments struct {
	command string   // such as "build"
	dir     string   // of -C, or empty
	flags   []string // of the go command, without -C and -tags; for test, packages too
	rest    []string // what follows: packages, and what the program gets

	overlay, compiler, tags string
	hasTags                 bool
}

// parseArguments takes apart what follows `uringnet go`. The flags end where the go command ends
// them: at the first package for run, else at -args.
func parseArguments(args []string) (arguments, error) {
	var a arguments
	if len(args) > 0 && isFlag(args[0], "C") {
		args = a.takeDir(args)
	}
	if len(args) == 0 {
		return a, fmt.Errorf("a command is missing, one of %s and env", strings.Join(building, ", "))
	}
	a.command, args = args[0], args[1:]
	if len(args) > 0 && isFlag(args[0], "C") {
		args = a.takeDir(args)
	}
	if a.command != "env" && !slices.Contains(building, a.command) {
		return a, fmt.Errorf("go %s builds nothing: run it without uringnet; here are %s and env",
			a.command, strings.Join(building, ", "))
	}
	for len(args) > 0 {
		arg := args[0]
		if !strings.HasPrefix(arg, "-") || arg == "--" || isFlag(arg, "args") {
			if a.command == "test" && !isFlag(arg, "args") { // flags may follow the packages
				a.flags, args = append(a.flags, arg), args[1:]
				continue
			}
			break
		}
		args = a.takeFlag(args)
	}
	a.rest = args
	return a, nil
}

// takeDir takes -C and its value.
func (a *arguments) takeDir(args []string) []string {
	_, a.dir, args = splitFlag(args)
	return args
}

// takeFlag takes a flag from the front, with its value.
func (a *arguments) takeFlag(args []string) []string {
	name, value, rest := splitFlag(args)
	switch name {
	case "tags":
		a.tags, a.hasTags = value, true
		return rest
	case "compiler":
		a.compiler = value
	case "overlay":
		a.overlay = value
	}
	a.flags = append(a.flags, args[:len(args)-len(rest)]...)
	return rest
}

// splitFlag returns the name and the value of the first flag, and what follows it.
func splitFlag(args []string) (name, value string, rest []string) {
	name = strings.TrimPrefix(strings.TrimPrefix(args[0], "-"), "-")
	name, value, hasValue := strings.Cut(name, "=")
	if hasValue || isSwitch(name) || len(args) == 1 {
		return name, value, args[1:]
	}
	return name, args[1], args[2:]
}

func isFlag(arg, name string) bool {
	arg, _, _ = strings.Cut(arg, "=")
	return arg == "-"+name || arg == "--"+name
}

// isSwitch reports whether a flag has no value of its own.
func isSwitch(name string) bool {
	switch strings.TrimPrefix(name, "test.") {
	case "a", "n", "v", "x", "i", "c", "e", "m", "u",
		"race", "msan", "asan", "cover", "work", "trimpath", "modcacherw", "linkshared", "buildvcs",
		"json", "benchmem", "failfast", "fullpath", "short", "artifacts",
		"compiled", "deps", "export", "find", "retracted", "test", "versions",
		"h", "help", "args":
		return true
	}
	return false
}
