package embedded

// Installed returns the folders of what is installed below root and on a path,
// newest first.
func Installed(root, path string) []string {
	var all []string
	for _, i := range installed(root, path) {
		all = append(all, i.bin)
	}
	return all
}
