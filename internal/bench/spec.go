package bench

import (
	"fmt"
	"slices"
	"strings"
)

// Spec is a server to measure: a kind, perhaps from another binary, perhaps with environment
// variables.
type Spec struct {
	Name   string   // as the user wrote it
	Kind   string   // one of server.Kinds, or of the program's own
	Binary string   // empty for this one
	Env    []string // KEY=VALUE
}

// ParseSpecs reads a comma-separated list of servers, each
// KIND[@BINARY][:KEY=VALUE[;KEY=VALUE...]], where KIND is one of kinds.
func ParseSpecs(list string, kinds []string) ([]Spec, error) {
	var specs []Spec
	for item := range strings.SplitSeq(list, ",") {
		s, err := parseSpec(strings.TrimSpace(item), kinds)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(specs, func(t Spec) bool { return t.Name == s.Name }) {
			return nil, fmt.Errorf("%q is there twice", s.Name)
		}
		specs = append(specs, s)
	}
	return specs, nil
}

func parseSpec(item string, kinds []string) (Spec, error) {
	s := Spec{Name: item}
	what, env, hasEnv := strings.Cut(item, ":")
	s.Kind, s.Binary, _ = strings.Cut(what, "@")
	if !slices.Contains(kinds, s.Kind) {
		return s, fmt.Errorf("no server is called %q; there are: %s", s.Kind, strings.Join(kinds, " "))
	}
	if !hasEnv {
		return s, nil
	}
	for pair := range strings.SplitSeq(env, ";") {
		if key, _, ok := strings.Cut(pair, "="); !ok || key == "" {
			return s, fmt.Errorf("%q: want environment variables as KEY=VALUE after the colon, with ; between them", item)
		}
		s.Env = append(s.Env, pair)
	}
	return s, nil
}
