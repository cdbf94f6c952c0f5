//go:build linux

package sched

// fileQueue is a queue of requests, first come, first served, of which any can be taken. Disk.mu is
// held.
type fileQueue struct {
	first, last *FileRequest
	length      int
}

func (q *fileQueue) add(r *FileRequest) {
	r.prev = q.last
	if r.prev == nil {
		q.first = r
	} else {
		r.prev.next = r
	}
	q.last = r
	q.length++
}

// take removes a request that is in the queue.
func (q *fileQueue) take(r *FileRequest) {
	if r.prev == nil {
		q.first = r.next
	} else {
		r.prev.next = r.next
	}
	if r.next == nil {
		q.last = r.prev
	} else {
		r.next.prev = r.prev
	}
	r.prev, r.next = nil, nil
	q.length--
}
