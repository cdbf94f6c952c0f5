//go:build linux

package main

import (
	"os"
	"path/filepath"
)

// program is one that is built and asked.
type program struct {
	name    string
	pkg     string // the import path of its main package; a folder of testdata if version is empty
	version string

	// args returns its arguments for a place, in whose folder it may first write files.
	args func(place) ([]string, error)

	ready string // a regular expression for what it prints when it listens

	// ask is a client: it returns how many requests were answered.
	ask func(addr string) (int, error)
}

var programs = []program{
	{"types", "types", "", plainArgs("ADDR"), "listening", askTypes},
	{"redcon", "redcon", "", plainArgs("ADDR"), "listening", askRedis},
	{"nats", "github.com/nats-io/nats-server/v2", "v2.15.3",
		plainArgs("-a", "HOST", "-p", "PORT"), "Server is ready", askNATS},
	{"grpc", "google.golang.org/grpc/examples/helloworld/greeter_server", "v0.0.0-20260825154716-030ee8becb20",
		plainArgs("-port", "PORT"), "server listening", askGRPC},
	{"caddy", "github.com/caddyserver/caddy/v2/cmd/caddy", "v2.11.9",
		plainArgs("respond", "--listen", "ADDR", "--body", greeting), "Server address", askHTTP("/", greeting)},
	{"coredns", "github.com/coredns/coredns", "v1.15.0", corednsArgs, "CoreDNS-", askDNS},
	{"etcd", "go.etcd.io/etcd/server/v3", "v3.7.3", etcdArgs, "ready to serve client requests", askEtcd},
	{"prometheus", "github.com/prometheus/prometheus/cmd/prometheus", "v0.316.0",
		prometheusArgs, "ready to receive web requests", askHTTP("/-/ready", "Ready")},
	{"hugo", "github.com/gohugoio/hugo", "v0.166.0", hugoArgs, "Web Server is available", askHTTP("/", greeting)},
	{"minio", "github.com/minio/minio", "v0.0.0-20260212201848-7aac2a2c5b7c",
		plainArgs("server", "--address", "ADDR", "DIR/data"), "API: ", askHTTP("/minio/health/live", "")},
}

// greeting is what servers of web pages are told to answer.
const greeting = "hello from below"

const dnsName, dnsAddress = "whole.test.", "192.0.2.7"

func corednsArgs(p place) ([]string, error) {
	_, port := split(p.addr)
	file := filepath.Join(p.dir, "Corefile")
	text := ".:" + port + " {\n\tbind 127.0.0.1\n\thosts {\n\t\t" + dnsAddress + " " + dnsName + "\n\t}\n}\n"
	return []string{"-conf", file}, os.WriteFile(file, []byte(text), 0o666)
}

func etcdArgs(p place) ([]string, error) {
	client, peer := "http://"+p.addr, "http://"+p.peer
	return []string{
		"--data-dir", filepath.Join(p.dir, "data"), "--listen-client-urls", client, "--advertise-client-urls", client,
		"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
		"--initial-cluster", "default=" + peer,
	}, nil
}

func prometheusArgs(p place) ([]string, error) {
	file := filepath.Join(p.dir, "prometheus.yml")
	return []string{"--config.file", file, "--storage.tsdb.path", filepath.Join(p.dir, "data"), "--web.listen-address", p.addr},
		os.WriteFile(file, []byte("global: {}\n"), 0o666)
}

func hugoArgs(p place) ([]string, error) {
	if err := os.MkdirAll(filepath.Join(p.dir, "layouts"), 0o777); err != nil {
		return nil, err
	}
	for name, text := range map[string]string{"hugo.toml": "title = 'whole'\n", "layouts/index.html": greeting + "\n"} {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o666); err != nil {
			return nil, err
		}
	}
	host, port := split(p.addr)
	return []string{"server", "--source", p.dir, "--bind", host, "--port", port, "--watch=false"}, nil
}
