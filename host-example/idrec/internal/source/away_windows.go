package source

import (
	"errors"
	"slices"

	"golang.org/x/sys/windows"
)

// awayErrors are what the system says of a share or a disk that has gone.
var awayErrors = []error{
	windows.ERROR_NOT_READY, windows.ERROR_REM_NOT_LIST, windows.ERROR_BAD_NETPATH, windows.ERROR_NETWORK_BUSY, windows.ERROR_DEV_NOT_EXIST,
	windows.ERROR_ADAP_HDW_ERR, windows.ERROR_BAD_NET_RESP, windows.ERROR_UNEXP_NET_ERR, windows.ERROR_NETNAME_DELETED, windows.ERROR_BAD_NET_NAME,
	windows.ERROR_SEM_TIMEOUT, windows.ERROR_IO_DEVICE, windows.ERROR_DEVICE_NOT_CONNECTED, windows.ERROR_CONNECTION_UNAVAIL,
	windows.ERROR_NO_NET_OR_BAD_PATH, windows.ERROR_NO_NETWORK, windows.ERROR_CONNECTION_REFUSED, windows.ERROR_NETWORK_UNREACHABLE,
	windows.ERROR_HOST_UNREACHABLE, windows.ERROR_CONNECTION_ABORTED,
}

// away reports whether an error says that a share or a disk has gone, as opposed to one file.
func away(err error) bool {
	return slices.ContainsFunc(awayErrors, func(known error) bool { return errors.Is(err, known) })
}
