// A chat screen in Jetpack Compose over ChatViewModel. It needs Android's own build, so it is here to be
// read and pasted; what it does is in the view model, which is compiled and tested.
package chat.fulmar.examples.android

import androidx.compose.foundation.clickable
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.lazy.LazyColumn
import androidx.compose.foundation.lazy.items
import androidx.compose.material3.Button
import androidx.compose.material3.Text
import androidx.compose.material3.TextField
import androidx.compose.runtime.Composable
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.unit.dp
import androidx.lifecycle.compose.collectAsStateWithLifecycle
import chat.fulmar.MessageItem
import chat.fulmar.MessageState
import chat.fulmar.examples.ChatViewModel
import chat.fulmar.examples.mark
import chat.fulmar.text

@Composable
fun ChatScreen(model: ChatViewModel) {
    val state by model.state.collectAsStateWithLifecycle()
    Column(Modifier.fillMaxSize()) {
        state.banner?.let { Text(it, Modifier.fillMaxWidth().padding(8.dp)) }
        LazyColumn(Modifier.weight(1f), reverseLayout = true) {
            // Newest first, because the list grows upwards. The key never changes, so a message keeps its
            // place and its animation from the first tap to the last tick.
            items(state.messages.asReversed(), key = { it.key.value }) { message ->
                Message(message, model)
            }
            item(key = "top") {
                if (!state.isComplete) LaunchedEffect(state.messages.size) { model.onReachedTop() }
            }
        }
        LaunchedEffect(state.messages.lastOrNull()?.position) { model.onSeen() }
        state.complaint?.let { Text(it, Modifier.padding(8.dp)) }
        Composer(model::onSend)
    }
}

@Composable
private fun Message(message: MessageItem, model: ChatViewModel) {
    val mine = model.isMine(message)
    val failed = message.state is MessageState.Failed
    Row(
        Modifier.fillMaxWidth().padding(8.dp).clickable(enabled = failed) { model.onRetry(message.key) },
        horizontalArrangement = if (mine) Arrangement.End else Arrangement.Start,
    ) {
        Text(message.text)
        if (mine) Text(message.state.mark, Modifier.padding(start = 4.dp))
    }
}

@Composable
private fun Composer(onSend: (String) -> Unit) {
    var text by remember { mutableStateOf("") }
    Row(Modifier.padding(8.dp), verticalAlignment = Alignment.CenterVertically) {
        TextField(text, onValueChange = { text = it }, Modifier.weight(1f))
        Button(enabled = text.isNotBlank(), onClick = {
            onSend(text)
            text = ""
        }) { Text("Send") }
    }
}
