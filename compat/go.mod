module github.com/uringnet/uringnet/compat

go 1.26.0

require (
	github.com/HdrHistogram/hdrhistogram-go v1.4.0
	github.com/google/go-cmp v0.7.0
	github.com/uringnet/uringnet v0.0.0
	golang.org/x/net v0.62.0
)

require (
	github.com/davecgh/go-spew v1.1.2-0.20180830191138-d8f796af33cc // indirect
	gonum.org/v1/gonum v0.17.0 // indirect
)

require (
	github.com/iceber/iouring-go v0.0.0-20230403020409-002cfd2e2a90 // indirect
	golang.org/x/sys v0.49.0
	pgregory.net/rapid v1.3.0
)

replace github.com/uringnet/uringnet => ../
