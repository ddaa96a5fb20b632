// The oracle that tests/apiserver and tools/ ask what Kubernetes' own Go makes of something. Nothing here is part of the
// product.
//
// It reads a JSON document a line and writes an answer a line:
//
//	{"template": …}            what encoding/json makes of a PodTemplateSpec: as the operator decodes and writes it,
//	                           and what it makes of the same as the proxy runner's type for --k8s-pod-patch
//	{"fields": true}           the fields of all types of a PodTemplateSpec, in the order in which encoding/json writes them
//	{"expand": "…", "env": {}} what the kubelet makes of an argument, or of a variable's value
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
	applyv1 "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"
)

type question struct {
	Template json.RawMessage   `json:"template"`
	Fields   bool              `json:"fields"`
	Expand   string            `json:"expand"`
	Env      map[string]string `json:"env"`
}

type decoded struct {
	Fault   string `json:"fault,omitempty"`
	Written any    `json:"written,omitempty"`
}

type answer struct {
	Operator *decoded `json:"operator,omitempty"`
	Runner   *decoded `json:"runner,omitempty"`
	Expanded string   `json:"expanded,omitempty"`

	Fields map[string][]string `json:"fields,omitempty"`
}

func decode(text []byte, into any) *decoded {
	if err := json.Unmarshal(text, into); err != nil {
		return &decoded{Fault: err.Error()}
	}
	return &decoded{Written: into}
}

// addFields notes the fields of a type, and of all that it refers to, by the type's name in Kubernetes' OpenAPI document.
func addFields(kind reflect.Type, known map[string][]string) {
	switch kind.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		addFields(kind.Elem(), known)
	case reflect.Struct:
		path := strings.ReplaceAll(strings.Replace(kind.PkgPath(), "k8s.io/", "io.k8s.", 1), "/", ".")
		name := path + "." + kind.Name()
		if _, seen := known[name]; !seen {
			known[name] = []string{}
			known[name] = fieldsOf(kind, known)
		}
	}
}

func fieldsOf(kind reflect.Type, known map[string][]string) []string {
	var names []string
	for i := range kind.NumField() {
		field := kind.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if options == "inline" {
			names = append(names, fieldsOf(field.Type, known)...)
		} else if name != "" && name != "-" {
			names = append(names, name)
			addFields(field.Type, known)
		}
	}
	return names
}

func ask(line []byte) (answer, error) {
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return answer{}, err
	}
	if asked.Template != nil {
		return answer{
			Operator: decode(asked.Template, &corev1.PodTemplateSpec{}),
			Runner:   decode(asked.Template, &applyv1.PodTemplateSpecApplyConfiguration{}),
		}, nil
	}
	if asked.Fields {
		known := map[string][]string{}
		addFields(reflect.TypeOf(corev1.PodTemplateSpec{}), known)
		return answer{Fields: known}, nil
	}
	return answer{Expanded: expansion.Expand(asked.Expand, expansion.MappingFuncFor(asked.Env))}, nil
}

func main() {
	lines := bufio.NewReader(os.Stdin)
	answers := json.NewEncoder(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		given, err := ask(line)
		if err == nil {
			err = answers.Encode(given)
		}
		if err != nil {
			log.Fatal(err)
		}
	}
}
