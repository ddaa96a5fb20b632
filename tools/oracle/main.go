// The oracle that tests/apiserver asks what Kubernetes' own Go makes of something. Nothing here is part of the product.
//
// It reads a JSON document a line and writes an answer a line:
//
//	{"template": …}            what encoding/json makes of a PodTemplateSpec: as the operator decodes and writes it,
//	                           and what it makes of the same as the proxy runner's type for --k8s-pod-patch
//	{"expand": "…", "env": {}} what the kubelet makes of an argument, or of a variable's value
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"

	corev1 "k8s.io/api/core/v1"
	applyv1 "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"
)

type question struct {
	Template json.RawMessage   `json:"template"`
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
}

func decode(text []byte, into any) *decoded {
	if err := json.Unmarshal(text, into); err != nil {
		return &decoded{Fault: err.Error()}
	}
	return &decoded{Written: into}
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
