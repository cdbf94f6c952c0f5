module github.com/uringnet/uringnet/compat

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/uringnet/uringnet v0.0.0
)

require (
	github.com/iceber/iouring-go v0.0.0-20230403020409-002cfd2e2a90 // indirect
	golang.org/x/sys v0.49.0
	pgregory.net/rapid v1.3.0
)

replace github.com/uringnet/uringnet => ../
