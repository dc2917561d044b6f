// Package settings brings together what the user set, and where: on the command line, in the
// environment, in a configuration file, or nowhere, which leaves the default. The first of these that
// has a setting decides.
//
// There are two kinds. The program's own are its flags: --wait is IDREC_WAIT in the environment and
// wait in the file. A plugin's are the fields that it describes itself: rate of the plugin wapi is
// --set rate=5 (or a flag of its own, if it is a common one), IDREC_WAPI_RATE, and in the file either
// rate, or, for a file that serves several plugins, rate below plugins: wapi:.
//
// A secret is never given by value but by where it is to be found: in a file, in a variable of the
// environment, or on the standard output of a command. The field secret is --secret-file,
// --secret-env and --secret-command, IDREC_WAPI_SECRET_FILE and so on, secret_file and so on.
package settings
