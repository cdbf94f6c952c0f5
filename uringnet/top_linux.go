package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a process as Linux shows it in its folder of /proc; see proc(5).
type process struct {
	pid int
	dir string

	// started is when it was started, in ticks since the machine was. Another process that has got
	// the same id later has another one.
	started string

	// threads are the context switches of each thread at the last look, and switches those of all
	// threads, also of those that have ended meanwhile: a sum that only grows.
	threads  map[string]switches
	switches switches
}

// switches are the times that threads left a CPU: voluntary to wait for something, involuntary to
// let others run.
type switches struct{ voluntary, involuntary uint64 }

func newProcess(pid int) (*process, error) {
	if pid <= 0 {
		return nil, fmt.Errorf("a process id is greater than 0")
	}
	p := &process{pid: pid, dir: filepath.Join("/proc", strconv.Itoa(pid)), threads: map[string]switches{}}
	st, err := p.status()
	switch {
	case errors.Is(err, errEnded):
		return nil, errors.New("there is no such process")
	case err != nil:
		return nil, err
	}
	p.started = st.started
	return p, nil
}

func (p *process) look(context.Context) (sample, error) {
	st, err := p.status()
	if err != nil {
		return sample{}, err
	}
	if st.started != p.started {
		return sample{}, errEnded
	}
	if err := p.countSwitches(); err != nil {
		return sample{}, err
	}
	files, err := p.openFiles()
	if err != nil {
		return sample{}, err
	}
	s := sample{at: time.Now(), heading: []string{fmt.Sprintf("process %d", p.pid), st.command}}
	s.rows = []row{
		{name: "CPU time", kind: cpuTime, value: st.cpu},
		{name: "memory", kind: bytesUsed, value: st.resident},
		{name: "threads", kind: gauge, value: st.threads},
		{name: "context switches", kind: section},
		{name: "voluntary", kind: counter, value: p.switches.voluntary, note: "a thread waits"},
		{name: "involuntary", kind: counter, value: p.switches.involuntary, note: "others want the CPU"},
		{name: "descriptors", kind: section},
		{name: "all", kind: gauge, value: files.all},
		{name: "sockets", kind: gauge, value: files.sockets},
		{name: "rings", kind: gauge, value: uint64(len(files.rings))},
	}
	for _, r := range files.rings {
		s.rows = append(s.rows, r.rows()...)
	}
	return s, nil
}

// explain makes words of what is wrong with a look into /proc.
func explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ESRCH):
		return errEnded
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("not permitted: run this as the user of the process, or as root: %w", err)
	}
	return err
}

// processStatus is what the process's file stat says.
type processStatus struct {
	command  string
	cpu      uint64 // in milliseconds
	threads  uint64
	started  string
	resident uint64 // bytes
}

// status reads the file stat: the id, the name in parentheses, which may have any characters, and
// numbers, of which the first here is number 3 in proc_pid_stat(5).
func (p *process) status() (st processStatus, err error) {
	text, err := os.ReadFile(filepath.Join(p.dir, "stat"))
	if err != nil {
		return st, explain(err)
	}
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return st, fmt.Errorf("%s/stat reads %q", p.dir, text)
	}
	st.command = string(text[open+1 : end])
	numbers := strings.Fields(string(text[end+1:]))
	const first, needed = 3, 24
	if len(numbers) <= needed-first {
		return st, fmt.Errorf("%s/stat reads %q", p.dir, text)
	}
	number := func(at int) uint64 {
		n, _ := strconv.ParseUint(numbers[at-first], 10, 64) // the kernel prints numbers
		return n
	}
	if state := numbers[0]; state == "Z" || state == "X" {
		return st, errEnded
	}
	const msPerTick = 10 // USER_HZ is 100 on all that Go runs on
	st.cpu = msPerTick * (number(14) + number(15))
	st.threads = number(20)
	st.started = numbers[22-first]
	st.resident = number(24) * uint64(os.Getpagesize())
	return st, nil
}

// countSwitches adds up the context switches of all threads since the last look.
func (p *process) countSwitches() error {
	folders, err := os.ReadDir(filepath.Join(p.dir, "task"))
	if err != nil {
		return explain(err)
	}
	now := map[string]switches{}
	for _, f := range folders {
		fields, err := readFields(filepath.Join(p.dir, "task", f.Name(), "status"))
		if err := explain(err); err == errEnded {
			continue // a thread that has ended meanwhile
		} else if err != nil {
			return err
		}
		s := switches{fields["voluntary_ctxt_switches"], fields["nonvoluntary_ctxt_switches"]}
		before := p.threads[f.Name()]
		if s.voluntary < before.voluntary || s.involuntary < before.involuntary {
			before = switches{} // a new thread has got the id of one that has ended
		}
		p.switches.voluntary += s.voluntary - before.voluntary
		p.switches.involuntary += s.involuntary - before.involuntary
		now[f.Name()] = s
	}
	p.threads = now
	return nil
}

// openFiles are the descriptors of a process by what they are.
type openFiles struct {
	all, sockets uint64
	rings        []ringInfo
}

func (p *process) openFiles() (files openFiles, err error) {
	folder := filepath.Join(p.dir, "fd")
	fds, err := os.ReadDir(folder)
	if err != nil {
		return files, explain(err)
	}
	for _, fd := range fds {
		target, err := os.Readlink(filepath.Join(folder, fd.Name()))
		if err := explain(err); err == errEnded {
			continue // closed meanwhile
		} else if err != nil {
			return files, err
		}
		files.all++
		switch {
		case strings.HasPrefix(target, "socket:"):
			files.sockets++
		case target == "anon_inode:[io_uring]":
			fields, err := readFields(filepath.Join(p.dir, "fdinfo", fd.Name()))
			if err := explain(err); err == errEnded {
				continue
			} else if err != nil {
				return files, err
			}
			files.rings = append(files.rings, ringInfo{fd.Name(), fields})
		}
	}
	return files, nil
}

// ringInfo is what the kernel tells of an io_uring, by the names of io_uring/fdinfo.c.
type ringInfo struct {
	fd     string
	fields map[string]uint64
}

// rows show the two queues of a ring. What waits in one is its tail less its head.
func (r ringInfo) rows() []row {
	name := "ring " + r.fd
	waiting := func(queue string) string {
		return fmt.Sprintf("%d of %d wait", uint32(r.fields[queue+"Tail"]-r.fields[queue+"Head"]), r.fields[queue+"Mask"]+1)
	}
	return []row{
		{name: name + " submitted", kind: counter32, value: r.fields["SqHead"], note: waiting("Sq")},
		{name: name + " completed", kind: counter32, value: r.fields["CqTail"], note: waiting("Cq")},
	}
}

// readFields reads lines like "SqHead: 5", of which the value is a decimal number, or a hexadecimal
// one after 0x; others are left out.
func readFields(file string) (map[string]uint64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	fields := map[string]uint64{}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		if n, err := strconv.ParseUint(strings.TrimSpace(value), 0, 64); err == nil {
			fields[name] = n
		}
	}
	return fields, nil
}
