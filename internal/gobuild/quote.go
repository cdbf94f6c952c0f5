package gobuild

import (
	"fmt"
	"strings"
)

// splitQuoted splits a list of flags as the go command splits GOFLAGS: at spaces, but not within a
// pair of quotes that begins a word.
func splitQuoted(s string) ([]string, error) {
	var words []string
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		if quote := s[0]; quote == '\'' || quote == '"' {
			end := strings.IndexByte(s[1:], quote)
			if end < 0 {
				return nil, fmt.Errorf("a quote is not closed: %s", s)
			}
			words, s = append(words, s[1:1+end]), s[end+2:]
			continue
		}
		end := strings.IndexAny(s, " \t\n\r")
		if end < 0 {
			end = len(s)
		}
		words, s = append(words, s[:end]), s[end:]
	}
	return words, nil
}

// joinQuoted is the inverse of splitQuoted.
func joinQuoted(words []string) string {
	var quoted []string
	for _, w := range words {
		switch {
		case !strings.ContainsAny(w, " \t\n\r'\""):
		case !strings.Contains(w, "'"):
			w = "'" + w + "'"
		default:
			w = `"` + w + `"`
		}
		quoted = append(quoted, w)
	}
	return strings.Join(quoted, " ")
}
