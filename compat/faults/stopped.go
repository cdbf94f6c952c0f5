//go:build linux

package main

import (
	"syscall"
	"time"
)

var stopped = fault{
	name: "stopped",
	what: "SIGSTOP and SIGCONT, server and clients in turn",
	inject: func(t *trial) error {
		for range 5 {
			err := t.both(func(p *process) error {
				if err := p.signal(syscall.SIGSTOP); err != nil {
					return err
				}
				time.Sleep(20 * time.Millisecond)
				return p.signal(syscall.SIGCONT)
			})
			if err != nil {
				return err
			}
			if err := t.progress(); err != nil {
				return err
			}
		}
		return nil
	},
}
