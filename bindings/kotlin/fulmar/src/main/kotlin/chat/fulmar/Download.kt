package chat.fulmar

import kotlinx.coroutines.flow.Flow
import java.io.File

/**
 * A file of a message that comes onto this device. Whatever collects [progress] or waits in [finish]
 * wants it: then it comes, and goes on by itself when the network comes back. When nobody wants it any
 * more it stops; what has come stays, and the next download of the file goes on from there. However many
 * want it, it comes once.
 */
public class Download internal constructor(private val client: Client, private val attachment: Attachment) {
    /** How much of it is here, live; completes when it came to its end, and [finish] says how. */
    public val progress: Flow<DownloadProgress> = live(
        { client.use { it.watchDownload(attachment) } },
        { it.next() },
        { it.end() },
    )

    /**
     * Waits until all of it is here, and says where: a file that belongs to the client, so copy it to
     * change it or to keep it. Waits for the network as long as it takes. Nothing is asked of the network
     * when it is here already.
     *
     * @throws CommandException.Refused with [Code.FileNotFound] when there is no such file for this user
     *   (any more)
     * @throws CommandException.FileDamaged when the server has another file than was announced
     * @throws CommandException.Store for a full or broken disk
     * @throws CommandException.SignedOut
     */
    public suspend fun finish(): File = File(client.use { it.download(attachment, null) })
}
