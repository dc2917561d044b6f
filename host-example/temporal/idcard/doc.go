// Package idcard makes the recognition of identity cards a part of Temporal: call [Register] in a worker
// of your own.
//
// # Names
//
// They are versioned and mean the same in every language: the activities [RecognizeName] and [BatchName],
// and the sample workflow [WorkflowName]. Their input and output are JSON; see [RecognizeInput],
// [BatchInput], [WorkflowInput]. A result is a [shared.Record], whose source is the id of the picture.
//
// # Pictures and people
//
// A picture travels as a reference ([Picture]) and is fetched by the worker, its digest checked. What
// was read goes into the history only where the caller asks for it (results: record) and the worker
// allows it; else the record says how the picture fared and has the request key by which the plugin's
// ledger knows the answer. File names and addresses of pictures are personal: encrypt the history
// (package codec), or use aliases (package fetch).
//
// # Errors and retries
//
// The engine owns the retries: the plugin is asked to send again only what is proved not to have been
// sent. A failed activity is an application error of the type "idcard." and the class of the failure;
// its details hold a [shared.RecordError]. input, configuration, unclear and internal are not
// retryable; paused (no balance, no calls left, …) and transient are, each with the delay after which
// another try makes sense. So waiting workflows go on by themselves once the account is recharged, and
// nothing that may have been billed is asked for again: what the ledger knows, it answers.
package idcard
