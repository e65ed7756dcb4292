// Dashboard reads a Grafana dashboard by Grafana's own published types and prints it again as these understood it; what they refuse ends it.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	plugins.RegisterDefaultPlugins()
	if err := read(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func read(file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	// what is right comes back as an empty list of errors, which is no nil
	if err := new(dashboard.Dashboard).UnmarshalJSONStrict(raw); err != nil && err.Error() != "" {
		return err
	}
	var understood dashboard.Dashboard
	if err := json.Unmarshal(raw, &understood); err != nil {
		return err
	}
	if err := understood.Validate(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(understood)
}
