// Command gitops says how a GitOps tool judges objects: `gitops lua SCRIPT` as Argo CD does with a health check,
// `gitops kstatus` as Flux does. It reads a list of objects as JSON and prints a list of {status, message}.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

type verdict struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

func main() {
	var objects []map[string]any
	check(json.NewDecoder(os.Stdin).Decode(&objects))
	verdicts := []verdict{}
	for _, object := range objects {
		if os.Args[1] == "lua" {
			verdicts = append(verdicts, byLua(os.Args[2], object))
		} else {
			verdicts = append(verdicts, byKstatus(object))
		}
	}
	check(json.NewEncoder(os.Stdout).Encode(verdicts))
}

// byLua runs a script in the way of argo-cd's util/lua: few libraries, the object as global `obj`.
func byLua(script string, object map[string]any) verdict {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range map[string]lua.LGFunction{
		lua.LoadLibName: lua.OpenPackage, lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable,
	} {
		check(state.CallByParam(lua.P{Fn: state.NewFunction(open), NRet: 0, Protect: true}, lua.LString(name)))
	}
	state.SetGlobal("obj", value(state, object))
	check(state.DoFile(script))
	answer, isTable := state.Get(-1).(*lua.LTable)
	if !isTable {
		check(fmt.Errorf("%s returned no table", script))
	}
	return verdict{answer.RawGetString("status").String(), answer.RawGetString("message").String()}
}

func value(state *lua.LState, from any) lua.LValue {
	switch typed := from.(type) {
	case map[string]any:
		table := state.NewTable()
		for key, item := range typed {
			table.RawSetString(key, value(state, item))
		}
		return table
	case []any:
		table := state.NewTable()
		for _, item := range typed {
			table.Append(value(state, item))
		}
		return table
	case string:
		return lua.LString(typed)
	case float64:
		return lua.LNumber(typed)
	case bool:
		return lua.LBool(typed)
	}
	return lua.LNil
}

func byKstatus(object map[string]any) verdict {
	// Numbers are int64 in an unstructured object, as the API machinery decodes them.
	text, err := json.Marshal(object)
	check(err)
	var typed unstructured.Unstructured
	check(typed.UnmarshalJSON(text))
	result, err := status.Compute(&typed)
	check(err)
	return verdict{string(result.Status), result.Message}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
