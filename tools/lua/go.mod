// gopher-lua runs Argo CD's health checks in tests: it is what Argo CD itself runs them with.
module github.com/toolhive-hooks/toolhive-hooks/tools/lua

go 1.26.0

require github.com/yuin/gopher-lua v1.1.2 // indirect
