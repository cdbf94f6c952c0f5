package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// WriteJSON writes the report so that ReadReport can read it.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	return enc.Encode(r)
}

// ReadReport reads a file that -json wrote.
func ReadReport(name string) (*Report, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r Report
	if err := json.NewDecoder(f).Decode(&r); err != nil {
		return nil, fmt.Errorf("%s is not a report written by -json: %w", name, err)
	}
	for i, c := range r.Cells {
		if len(c.Servers) == 0 {
			return nil, fmt.Errorf("%s: cell %q has no servers", name, c.Name)
		}
		r.Cells[i].summarize() // an older file may lack some of the ratios
	}
	return &r, nil
}

// ReadReports reads one file, or several, of which it joins the runs.
func ReadReports(names []string) (*Report, error) {
	var all []*Report
	for _, name := range names {
		r, err := ReadReport(name)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return Merge(all)
}

// save writes the files that the options ask for.
func (r *Report) save(o Options) error {
	return errors.Join(
		writeFile(o.JSON, r.WriteJSON),
		writeFile(o.Plot, r.WriteRatiosSVG),
		writeFile(latencyFile(o.Plot), r.WriteLatencySVG),
	)
}

func writeFile(name string, write func(io.Writer) error) error {
	if name == "" {
		return nil
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	err = write(f)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

// print writes the table in the format that was asked for.
func (r *Report) print(w io.Writer, f Format) {
	switch f {
	case Markdown:
		r.WriteMarkdown(w)
	case Summary:
		r.WriteSummary(w)
	default:
		r.WriteText(w)
	}
}
