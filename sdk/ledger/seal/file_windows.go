package seal

import "io/fs"

// onlyOwner lets every file through: who may read it is said by an access list that is inherited from
// the folder, which in a user's profile is the user's own.
func onlyOwner(fs.FileInfo) error { return nil }

// syncDir does nothing: NTFS keeps its own journal of names.
func syncDir(string) error { return nil }
