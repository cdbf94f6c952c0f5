//go:build linux

package main

var tasks = []task{
	{"churn", churn},
	{"crowd", crowd},
	{"deadlines", deadlines},
	{"halfclose", halfClose},
	{"resets", resets},
	{"splice", splice},
	{"tls", overTLS},
	{"http", overHTTP},
	{"http2", overHTTP2},
	{"passing", passing},
	{"procs", procs},
}
